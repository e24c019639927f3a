"""`allobot bench`: how fast Allobot is, beside stock Rasa, on the same machine in the same run.

`mix` says who says what, `people` says it, `processes` reads what it costs, `sides` starts what is
measured, `stock` is the baseline, `run` leads, `report` writes. Nothing leaves the loopback.
"""
