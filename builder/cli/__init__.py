"""The command ``guest-image``: one module for each verb, which is loaded when it is called."""
