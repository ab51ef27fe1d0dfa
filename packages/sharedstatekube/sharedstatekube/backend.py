"""The backend: what Yadage asks for each of its steps."""
from packtivity.asyncbackends import ExternalAsyncBackend
from packtivity.statecontexts import load_state
from packtivity.syncbackends import finalize_inputs, finalize_outputs, publish

from .options import Options
from .steps import Steps


class SharedStateBackend(ExternalAsyncBackend):
    """`py:sharedstatekube:backend`."""

    def __init__(self, **opts):
        super().__init__(job_backend=Steps(Options(**opts)))

    def result(self, resultproxy):
        state = load_state(resultproxy.statedata, self.deserialization_opts)
        if resultproxy.resultdata is None:
            # the base class leaves `{workdir}` in what is published as it is, and Yadage compares it with what was expected
            parameters, state = finalize_inputs(self.datamodel.create(resultproxy.pardata, state.datamodel), state)
            try:
                published = publish(resultproxy.spec["publisher"], parameters, state, self.config)
            except Exception as error:
                # what Yadage would say has no word of the step
                raise RuntimeError("step %s succeeded, but what it should publish can't be found: %s" % (resultproxy.jobproxy["name"], error)) from error
            resultproxy.resultdata = finalize_outputs(published).json()
        return self.datamodel.create(resultproxy.resultdata, state.datamodel)
