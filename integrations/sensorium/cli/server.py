"""`sensorium serve`: serve a memory to people, programs and agents over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sensorium.cli.browsing import open_in_browser
from sensorium.cli.log import log_to_stderr
from sensorium.cli.options import ENCODER, HOME, OWNER, EncoderName, Owner
from sensorium.cli.session import Session
from sensorium.cli.terminal import reporting
from sensorium.cli.tokens import Tokens, token_file

LOOPBACK, PORT = "127.0.0.1", 8000  # as in sensorium.mcp, which is not imported for --help


def serve(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            envvar="SENSORIUM_MEMORY",
            help="The memory: a folder, or the URL of a Qdrant server.",
        ),
    ] = HOME,
    *,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen at; one that other machines reach needs TLS and tokens."
        ),
    ] = LOOPBACK,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen at; 0 for any.")
    ] = PORT,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates for TLS, as PEM.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Private key of the certificate, as PEM.")
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Address by which clients reach the server."),
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A proxy does TLS and has this address; only it may reach the server.",
        ),
    ] = None,
    proxy_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address or network of the proxy, such as 10.0.0.2: only it may say for whom it "
            "asks. By default this machine and private networks.",
        ),
    ] = None,
    tokens: Tokens = None,
    upload_folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            writable=True,
            help="Where files that are sent lie while they are read; by default the system's "
            "temporary folder, which is in RAM on some systems.",
        ),
    ] = None,
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="Change nothing, whatever a token allows. The folder may be on a read-only disk, "
            "or open in another process.",
        ),
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser of this machine.")
    ] = False,
) -> None:
    """Serve a memory over HTTP: a page under /, REST under /v1, MCP under /mcp, its docs at /docs.

    On this machine, the printed link signs in as --owner, once, within ten minutes. Programs and
    other people need tokens: see sensorium token.
    """
    log_to_stderr()
    with reporting(as_json=False):
        from sensorium.server.entry.tokens import TokenFile
        from sensorium.server.options import ServerOptions
        from sensorium.server.requests.uploads import UploadLimits
        from sensorium.server.serving import serve as run

        if public_url is not None and behind_proxy is not None:
            raise typer.BadParameter(
                "the address of the proxy is the public one; leave --public-url out",
                param_hint="--public-url",
            )
        options = ServerOptions(
            read_only=read_only,
            host=host,
            public_url=behind_proxy or public_url,
            behind_proxy=behind_proxy is not None,
            proxy_address=proxy_address,
            uploads=UploadLimits(folder=upload_folder),
            over_tls=(behind_proxy or "").startswith("https:"),
        )
        file = token_file(place, tokens)
        known = TokenFile(file) if file is not None else None

        def announce(address: str) -> None:
            typer.echo(address)
            if open_page:
                open_in_browser(address)

        session = Session(place, owner, encoder, read_only=read_only)
        with session.opened(begin=not read_only) as memory:
            run(
                memory,
                tokens=known,
                options=options,
                port=port,
                certificate=tls_cert,
                key=tls_key,
                announce=announce,
            )
