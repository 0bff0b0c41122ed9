"""The command `paperboy serve`."""

import click

from orchestration.command import the_settings


@click.command()
def serve() -> None:
    """Run the web service until it is stopped: subscribe, confirm, unsubscribe, the editions and their feeds.

    It listens on web.host and web.port; put a web server with https before it, and name its address in web.url.
    """
    from orchestration.web import serve

    serve(the_settings())
