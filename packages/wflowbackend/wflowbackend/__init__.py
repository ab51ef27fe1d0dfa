"""What an engine of the workflow server does besides the workflow itself."""
