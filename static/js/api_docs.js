// Draws the API's document. Everything it needs stands in the data-* attributes of #swagger-ui.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("swagger-ui");
  if (typeof SwaggerUIBundle === "undefined") {
    place.textContent = place.dataset.failed;
    return;
  }
  const { schema, csrf } = place.dataset;
  SwaggerUIBundle({
    url: schema,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    docExpansion: "list",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor(request) {
      const ours = new URL(request.url, document.baseURI).origin === window.location.origin;
      if (ours && request.method && request.method !== "GET") {
        request.headers["X-CSRFToken"] = csrf;
      }
      return request;
    },
  });
});
