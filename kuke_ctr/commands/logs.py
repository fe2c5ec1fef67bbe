"""kuke-ctr logs"""

import typer

app = typer.Typer()
