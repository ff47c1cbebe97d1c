"""A Python file of its author's, in the process that runs it. dspy is imported here alone, and by the file itself.

    python -m refine_core.program_child PROGRAM.py      started by refine_core/program_files, which speaks with it

__main__.py      the process: commands in, events out     descriptions.py    what goes between it and the app
loading.py       the file as a module; where an error is  finding.py         what it defines, by type
running.py       one run, of either library               function_source.py a function of a file, with what it uses
"""
