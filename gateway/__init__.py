"""juki-gateway: a secured SOAP gateway that stands in for a 市町村CS (municipal communication server)."""
