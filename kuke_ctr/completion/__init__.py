"""What a shell offers when somebody presses TAB; quick, silent, and nothing is ever run by it.

Neither typer nor pydantic nor sh is imported here: the commands and their options stand in
table.json (scripts/commands-doc makes it), and what this host has is asked of ctr alone.
"""
