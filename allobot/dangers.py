"""The subjects of a person in danger: same names for the dialogue, the net and the stores."""

# The gravest first: of a message that speaks of two, the first is answered.
DANGERS = ("idees_suicidaires", "enfant_en_danger", "violences_conjugales")
