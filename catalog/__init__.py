"""The bottom layer: the vocabulary (names, types, errors, principals), the metadata store and the shadow catalog."""
