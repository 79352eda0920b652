"""Build, check, boot and publish OpenStack guest images."""
