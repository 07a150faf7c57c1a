// A small service that logs people in with the town's account, by openid-client as its makers mean it to be used.
// Started with one argument, JSON: {"issuer", "id", "secret", "port"}. Answers are JSON; a refusal has status 400.
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'

const { issuer, id, secret, port } = JSON.parse(process.argv[2])
const home = `http://127.0.0.1:${port}`
const config = await client.discovery(new URL(issuer), id, undefined, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests], // the test's hub speaks http on this machine
})
const server = config.serverMetadata()
const late = new client.Configuration(server, id, { [client.clockSkew]: 3600 }, client.ClientSecretBasic(secret))
client.allowInsecureRequests(late) // the same service with a clock that is an hour ahead
const keys = createRemoteJWKSet(new URL(server.jwks_uri))
const waiting = new Map() // state -> what the answer must fit
const heard = [] // back-channel log-outs
let tokens // of the last log-in

async function login(url) {
  const { how, clock, ...wishes } = Object.fromEntries(url.searchParams)
  const verifier = client.randomPKCECodeVerifier()
  const [state, nonce] = [client.randomState(), client.randomNonce()]
  waiting.set(state, { verifier, nonce, maxAge: wishes.max_age && Number(wishes.max_age), clock })
  const parameters = {
    redirect_uri: `${home}/cb`,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...wishes,
  }
  const build = how === 'par' ? client.buildAuthorizationUrlWithPAR : client.buildAuthorizationUrl
  return { go: (await build(config, parameters)).href }
}

async function callback(url) {
  const asked = waiting.get(url.searchParams.get('state')) ?? {}
  tokens = await client.authorizationCodeGrant(asked.clock === 'late' ? late : config, url, {
    pkceCodeVerifier: asked.verifier,
    expectedState: url.searchParams.get('spoiled') === 'state' ? 'another' : url.searchParams.get('state'),
    expectedNonce: url.searchParams.get('spoiled') === 'nonce' ? 'another' : asked.nonce,
    maxAge: asked.maxAge,
    idTokenExpected: true,
  })
  return { claims: tokens.claims(), scope: tokens.scope, ...(await verified(tokens.id_token)) }
}

async function verified(token) {
  const { protectedHeader } = await jwtVerify(token, keys, { issuer, audience: id, algorithms: ['ES256'] })
  return { header: protectedHeader }
}

async function refresh() {
  const before = tokens
  tokens = await client.refreshTokenGrant(config, tokens.refresh_token)
  return { claims: tokens.claims(), rotated: tokens.refresh_token !== before.refresh_token }
}

async function backchannel(request) {
  let body = ''
  for await (const chunk of request) body += chunk
  const token = new URLSearchParams(body).get('logout_token')
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: id,
    typ: 'logout+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['iat', 'exp', 'jti', 'events', 'sub', 'sid'],
  })
  if (!payload.events['http://schemas.openid.net/event/backchannel-logout']) throw new Error('another event')
  if ('nonce' in payload) throw new Error('a log-out token has no nonce')
  heard.push(payload)
  return {}
}

const routes = {
  '/ready': () => ({ server }),
  '/login': login,
  '/cb': callback,
  '/userinfo': () => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub),
  '/refresh': refresh,
  '/revoke': async () => {
    await client.tokenRevocation(config, tokens.refresh_token)
    return {}
  },
  '/logout': () => ({
    go: client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: `${home}/bye`,
      id_token_hint: tokens.id_token,
      state: 'bye',
    }).href,
  }),
  '/bye': (url) => ({ state: url.searchParams.get('state') }),
  '/backchannel': (_url, request) => backchannel(request),
  '/heard': () => heard,
}

createServer(async (request, response) => {
  const url = new URL(request.url, home)
  try {
    const answer = await routes[url.pathname](url, request)
    if (answer.go) return response.writeHead(302, { Location: answer.go }).end()
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
  } catch (error) {
    const facts = { code: error.code, error: error.error, message: error.message, cause: error.cause?.message }
    response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify(facts))
  }
}).listen(port, '127.0.0.1')
