"""Testing a connection: what works, what does not, and what to do about it, in sentences.

checks           tests under way, by id, and how long each may take        report          what one has found so far
run              one test under its time limit                             steps           what it does, in order
target           the connection under test, and how sentences name it      model_list      GET {address}/models
refusals         which parameters a server refuses                         reply_format    in which format it can be read
reply_findings   what a reply shows                                        error_findings  what an error shows
"""
