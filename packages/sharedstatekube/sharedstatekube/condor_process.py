"""Asks HTCondor by `condor_desk.py`, with the engine's token."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

DESK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "condor_desk.py")


class DeskError(Exception):
    """What was asked has failed; whether it may go well another time."""

    def __init__(self, message, passes):
        super().__init__(message)
        self.passes = passes


class DeskProcess:
    """What an engine asks its access point, each question in a process."""

    def __init__(self, settings, engine):
        self.settings, self.engine = settings, engine
        self.directory = tempfile.mkdtemp(prefix="htcondor-")
        self.shown = None
        self.running = set()

    def ask(self, do, seconds, **of):
        """An answer, within so many seconds."""
        self.show_token()
        question = {"do": do, "of": of, "engine": self.engine, "collectors": self.settings.collectors, "access_point": self.settings.access_point}
        process = subprocess.Popen(
            [sys.executable, DESK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())
        self.running.add(process)
        try:
            said, complaints = process.communicate(json.dumps(question), timeout=seconds)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            raise DeskError("HTCondor has not answered in %d s" % seconds, True) from error
        finally:
            self.running.discard(process)
        if process.returncode != 0:
            raise DeskError("HTCondor's library has ended with %d: %s" % (process.returncode, (complaints.strip().splitlines() or [""])[-1]), True)
        answer = json.loads(said)
        if "error" in answer:
            raise DeskError(answer["error"], answer["passes"])
        return answer

    def environment(self):
        """All of HTCondor's configuration. Nothing is said in the clear, and to nobody who doesn't know the token's signing key."""
        required = {"_CONDOR_SEC_CLIENT_" + what: "REQUIRED" for what in ("AUTHENTICATION", "ENCRYPTION", "INTEGRITY")}
        return dict(os.environ, **required, **{
            "CONDOR_CONFIG": "ONLY_ENV",
            "_CONDOR_COLLECTOR_HOST": ", ".join(self.settings.collectors),
            "_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS",
            "_CONDOR_SEC_TOKEN_DIRECTORY": self.directory,
            "_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": self.directory,
        })

    def show_token(self):
        """HTCondor takes a token of nobody but its own user, who alone can read it; a Secret's files are root's. It may have been renewed."""
        try:
            with open(self.settings.token, encoding="utf-8") as file:
                token = file.read().strip()
        except OSError as error:
            raise DeskError("there is no token: %s" % error, True) from error
        if token == self.shown:
            return
        draft = os.path.join(tempfile.mkdtemp(dir=self.directory), "token")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(token + "\n")
        os.replace(draft, os.path.join(self.directory, "token"))
        os.rmdir(os.path.dirname(draft))
        self.shown = token

    def end(self):
        """Ends what runs."""
        for process in list(self.running):
            process.kill()

    def forget(self):
        shutil.rmtree(self.directory, ignore_errors=True)
