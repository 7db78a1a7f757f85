"""Goes through a log line by line, with nothing but the prompt and the lines before, and names the first that is wrong.

Written from the form of the logs, apart from what writes them: the two share no code. A line is accepted only if it is
what follows there, so a line that is missing, moved, changed, or knows more than has been said is found.
"""
