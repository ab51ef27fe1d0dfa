cwlVersion: v1.0
class: Workflow
inputs:
  script: File
  given: File
outputs:
  written:
    type: File
    outputSource: step/written
steps:
  step:
    run: step.cwl
    in:
      script: script
      given: given
    out: [written]
