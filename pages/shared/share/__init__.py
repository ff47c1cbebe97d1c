"""Sharing: a link to what is on the screen, one run or many as files, and files of others brought in.

menu        the menu of one run                 served      makes the files that the menu asks for
many        the same for a selection of runs    importing   a dialog that takes files in
"""
