"""kuke-ctr run"""

import typer

app = typer.Typer()
