"""kuke-ctr leases create, rm"""

import typer

app = typer.Typer()
