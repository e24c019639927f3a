"""What runs inside Rasa: the components that read a message (see config.yml)."""
