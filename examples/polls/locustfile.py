"""The load as Locust has it: users who wait a second or two and ask for the pages with the weights 2:1:1.

locust --headless --users 10 --spawn-rate 2 --run-time 1m --host http://127.0.0.1:8000 -f examples/polls/locustfile.py
"""

from locust import HttpUser, between, task


class Voter(HttpUser):
    wait_time = between(1, 2)

    @task(2)
    def polls(self):
        self.visit("/polls/2xx_success/", 200)

    @task
    def error(self):
        self.visit("/polls/4xx_not_found/", 404)

    @task
    def exception(self):
        self.visit("/polls/5xx_exception/", 500)

    def visit(self, page, status):
        """The errors of the service are what it is meant to answer: only another status is a failure of the test."""
        with self.client.get(page, catch_response=True) as response:
            if response.status_code == status:
                response.success()
            else:
                response.failure(f"expected {status}, but got {response.status_code}")
