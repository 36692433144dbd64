"""Speed, measured. `python -m benchmarks [NAME]` runs one module of this folder, or all; each yields Figures."""
