"""kuke-ctr containers create, label, rm"""

import typer

app = typer.Typer()
