"""Every page and call of the hub, and who may see them: a part of the wiring in `hub.app`."""

import flask

from hub.account import web as account_web
from hub.bulletin import web as bulletin_web
from hub.citypass import web as citypass_web
from hub.citypass.web import shell
from hub.core.web import access, system
from hub.dashboard import web as dashboard_web
from hub.dashboard.web import fleet as fleet_pages
from hub.dashboard.web import history as node_history
from hub.dashboard.web import metrics as metrics_web
from hub.dashboard.web import node as node_web
from hub.dashboard.web import preview as node_preview
from hub.dashboard.web import rollouts as rollouts_web
from hub.dashboard.web import settings as node_settings
from hub.dashboard.web import update as node_update
from hub.doors import ACCESS, DEMO_ACCESS, UPSTREAM_ACCESS
from hub.fleet import web as fleet_web
from hub.inbox import web as inbox_web
from hub.openid import web as openid_web
from hub.operations import web as operations_web
from hub.parking import web as parking_web
from hub.parking.web import cameras as cameras_web
from hub.parking.web import cards as cards_web
from hub.parking.web import feeds as feeds_web
from hub.parking.web import liking as wishes_web
from hub.parking.web import permits as permits_web
from hub.parking.web import stays as stays_web
from hub.parking.web import wardens as wardens_web
from hub.payments import web as payments_web
from hub.privacy import web as privacy_web
from hub.push import web as push_web
from hub.radio import web as radio_web
from hub.settings import Settings
from hub.till import web as till_web


def register(app: flask.Flask, settings: Settings) -> None:
    """Opens the rooms; what only a demonstration or a broker needs is not there otherwise."""
    for made in (account_web, openid_web, inbox_web, operations_web, payments_web, till_web):
        for blueprint in made.blueprints:
            app.register_blueprint(blueprint)
    for room in (
        system,
        metrics_web,
        parking_web,
        stays_web,
        cards_web,
        wishes_web,
        wardens_web,
        permits_web,
        cameras_web,
        feeds_web,
        bulletin_web,
        fleet_web,
        dashboard_web,
        fleet_pages,
        node_web,
        rollouts_web,
        node_settings,
        node_preview,
        node_update,
        node_history,
        radio_web,
        privacy_web,
        push_web,
        citypass_web,
        shell,
    ):
        app.register_blueprint(room.blueprint)
    if settings.demo:
        app.register_blueprint(inbox_web.demo_blueprint)
        app.register_blueprint(account_web.demo_blueprint)
        app.register_blueprint(till_web.demo_blueprint)
        app.jinja_env.globals["personas"] = account_web.PERSONAS
    if settings.bundid_issuer:
        app.register_blueprint(account_web.upstream_blueprint)
    doors = ACCESS | (DEMO_ACCESS if settings.demo else {}) | (UPSTREAM_ACCESS if settings.bundid_issuer else {})
    access.install(app, doors, account_web.PORTER)
