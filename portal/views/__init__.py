"""Pages of the portal, one module per bottom entry."""
