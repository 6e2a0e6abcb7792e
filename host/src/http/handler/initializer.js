// Starts Swagger UI. Where the host has users, it asks for a token or an API key first and brings
// it with every request until the tab is closed.
window.onload = () => {
  const KEPT = "canopy-token";
  const bring = (request) => {
    const token = sessionStorage.getItem(KEPT);
    const isOurs = new URL(request.url, location.href).origin === location.origin;
    if (token && isOurs && !request.headers.Authorization && !request.headers["x-api-key"]) {
      request.headers.Authorization = `Bearer ${token}`;
    }
    return request;
  };
  const notice = (response) => {
    if (response.status === 401 && response.url.endsWith("/openapi.json")) {
      const token = prompt("A token of POST /token, or an API key:");
      if (token) {
        sessionStorage.setItem(KEPT, token.trim());
        location.reload();
      }
    }
    return response;
  };
  window.ui = SwaggerUIBundle({
    url: "../openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    layout: "StandaloneLayout",
    requestInterceptor: bring,
    responseInterceptor: notice,
  });
};
