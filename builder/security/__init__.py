"""What an image lacks, and what is known of it: security updates, vulnerabilities, exceptions."""
