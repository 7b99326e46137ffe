"""One module per resource: its serializers, its allowed filters, its viewset."""
