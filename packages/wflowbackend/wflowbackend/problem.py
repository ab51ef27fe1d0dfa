class Problem(Exception):
    """Why a request fails, in one line for who asked."""
