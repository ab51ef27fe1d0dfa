"""Takes one message from a queue, as REANA's scheduler and its consumer of statuses do, and writes it."""
import sys

from reana_commons.consumer import BaseConsumer


class Taker(BaseConsumer):
    def get_consumers(self, Consumer, channel):
        return [Consumer(queues=self.queue, callbacks=[self.on_message], accept=[self.message_default_format], prefetch_count=1)]

    def on_message(self, body, message):
        # what it is sent besides, before it has left, goes back to the queue
        if not self.should_stop:
            self.should_stop = True
            print(body)
            message.ack()


Taker(queue=sys.argv[1]).run()
