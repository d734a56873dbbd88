// The page asks nobody but the sidecar itself: no validator, no other document.
SwaggerUIBundle({
  url: '../api-doc.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  queryConfigEnabled: false,
  tryItOutEnabled: true,
});
