// The control room renews itself with htmx; without JavaScript the page is complete and a reload does the same.
(function () {
  "use strict";
  var open = {};
  function offline(is) {
    var note = document.getElementById("offline");
    if (note) note.hidden = !is;
  }
  document.addEventListener("htmx:beforeSwap", function (event) {
    var answer = event.detail.xhr;
    if (answer.responseURL && new URL(answer.responseURL).pathname !== location.pathname) {
      event.detail.shouldSwap = false; // the session has ended: the answer is the log-in page
      location.reload();
      return;
    }
    document.querySelectorAll("details[id]").forEach(function (details) { open[details.id] = details.open; });
  });
  document.addEventListener("htmx:afterSwap", function () {
    offline(false);
    Object.keys(open).forEach(function (id) {
      var details = document.getElementById(id);
      if (details) details.open = open[id];
    });
  });
  ["htmx:sendError", "htmx:responseError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function () { offline(true); });
  });
})();
