"""The workflow as steps: seven for each packet, and what they share."""
