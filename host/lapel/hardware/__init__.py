"""The hardware folder's own arithmetic: parts, wires, light, heat and case, each from a table with
sources.
"""
