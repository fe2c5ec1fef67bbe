"""kuke-ctr content fetch, ingest, label, rm, prune"""

import typer

app = typer.Typer()
