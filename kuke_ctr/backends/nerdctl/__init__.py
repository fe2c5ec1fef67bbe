"""What is said to nerdctl, where it is installed: a module for each noun, versions, failures."""
