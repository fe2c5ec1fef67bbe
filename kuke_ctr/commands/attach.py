"""kuke-ctr attach"""

import typer

app = typer.Typer()
