"""kuke-ctr tasks start"""

import typer

app = typer.Typer()
