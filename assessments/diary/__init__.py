"""The patient's diary of spasms and cramps: rules, actions, readers."""
