"""A page of ours on Streamlit's own server, and the browser's end of its socket."""

import threading
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.security.streamlit_internals import message_kind

CONTENT = b"service,sold\n" * 3
SCRIPT = f"""
import streamlit as st

st.download_button("File", data=lambda: {CONTENT!r}, mime="text/csv", file_name="Größe.csv")
if st.button("Sign in"):
    st.login("entra")
"""


async def stop(runtime):
    """Stop Streamlit and wait until it has: it does not wait by itself, and leaves sessions open."""
    runtime.stop()
    await runtime.stopped


def wait_for_scripts():
    """Wait until the scripts' threads have ended, some time after a page hears that its run has."""
    for thread in threading.enumerate():
        if "scriptThread" in thread.name:
            thread.join(5)
            assert not thread.is_alive()


class Page:
    """The browser's end of a page's socket."""

    def __init__(self, socket):
        self.socket = socket
        self.elements, self.session, self.fragment = {}, "", ""
        self.fragments = {}  # in which each kind of element is

    def send(self, message, until):
        """Send a message; what comes back, up to a message of the kind `until`."""
        self.socket.send_bytes(message.SerializeToString())
        answers = {}
        while until not in answers:
            answer = ForwardMsg.FromString(self.socket.receive_bytes())
            if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                continue  # another run takes its place
            answers[answer.WhichOneof("type")] = answer
            if answer.WhichOneof("type") == "new_session":
                self.session = answer.new_session.initialize.session_id
            if answer.WhichOneof("type") == "delta":
                element = answer.delta.new_element
                self.fragment = answer.delta.fragment_id or self.fragment
                if kind := element.WhichOneof("type"):  # and no block of elements
                    self.elements[kind] = getattr(element, kind)
                    self.fragments[kind] = answer.delta.fragment_id
        return answers

    def run(self, press=""):
        """Run the script, after a press on the button with this id."""
        message = BackMsg()
        message.rerun_script.SetInParent()
        if press:
            message.rerun_script.widget_states.widgets.add(id=press, trigger_value=True)
        return self.send(message, "script_finished")

    def file(self):
        """The address of the file that its button stands for."""
        return self.answer().deferred_file.url

    def answer(self):
        """What comes back of a click on the button of its file."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = "1", self.session
        request.deferred_file.file_id = self.elements["download_button"].deferred_file_id
        assert message_kind(message.SerializeToString()) == "deferred_file"
        answer = self.send(message, "backend_operation_response")["backend_operation_response"]
        return answer.backend_operation_response


@contextmanager
def opened(browser):
    with browser.websocket_connect("/_stcore/stream", subprotocols=["streamlit"]) as socket:
        page = Page(socket)
        page.run()
        yield page
