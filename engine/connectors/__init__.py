"""Systems that data comes from and goes to, databases and files. What is done with the rows is `engine.sync`'s."""
