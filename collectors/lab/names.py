"""The words that names of accounts, roles and people are made of."""


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMPANY = "halden"
TEAMS = words("""
    billing catalog checkout crm customs delivery documents experiments fleet forecasting fraud identity
    inventory invoicing loyalty mailer marketing media mobile notifications onboarding orders partners pricing
    procurement profiles promotions recommendations refunds reporting returns risk routing scheduling search
    settlements shipping storefront subscriptions support tax telemetry tracking warehouse workforce
""")
FUNCTIONS = words("""
    api-task consumer-task worker-task scheduler-task cron-lambda export-lambda indexer-lambda ingest-lambda
    notifier-lambda sync-lambda webhook-lambda batch-job reconcile-job build-project deploy-pipeline state-machine
""")
FIRST_NAMES = words("""
    ada ben carla dario elena finn greta hugo iris jakub kira luca maja nils olga paul rosa sven tea vera
""")
LAST_NAMES = words("""
    adler bauer costa dahl ekman falk greco hahn ivanov jensen keller lang moser nowak olsen peters riva
""")
