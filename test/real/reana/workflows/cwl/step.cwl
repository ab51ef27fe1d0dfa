cwlVersion: v1.0
class: CommandLineTool
requirements:
  DockerRequirement:
    dockerPull: docker.io/library/debian:bookworm-slim
baseCommand: bash
inputs:
  script:
    type: File
    inputBinding:
      position: 1
  given:
    type: File
    inputBinding:
      position: 2
arguments:
  - position: 3
    valueFrom: said.txt
outputs:
  written:
    type: File
    outputBinding:
      glob: said.txt
