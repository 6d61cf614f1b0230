"""send_django.py: one letter by Django, configured by mysettings.py in the current folder."""
import os
import sys

sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "mysettings"
from django.core.mail import EmailMessage  # noqa: E402

sent = EmailMessage(os.environ["SUBJECT"], "Sent by Django.", None, [os.environ["RECIPIENT"]],
                    headers={"X-Packetboat-Program": os.environ["PROGRAM"]}).send()
sys.exit(0 if sent == 1 else 1)
