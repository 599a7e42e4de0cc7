"""The parts of the runtime as steps, and what all of them stand on."""
