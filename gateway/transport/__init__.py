"""The door: TLS, HTTP framing, limits and deadlines, and the way of a message behind them."""
