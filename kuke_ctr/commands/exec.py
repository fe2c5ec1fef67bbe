"""kuke-ctr exec"""

import typer

app = typer.Typer()
