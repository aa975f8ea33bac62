"""What each kind of mail says: policy per year as data, and templates bound to exact states."""
